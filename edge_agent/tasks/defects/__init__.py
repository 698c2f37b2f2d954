"""Does a part look like the good ones?"""
