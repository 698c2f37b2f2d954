"""Does a machine, or one of its sensors, still behave as learned?"""
