"""Tables that people send and receive: CSV and XLSX, read a row at a time and written so that no cell runs."""
