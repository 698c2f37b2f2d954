"""The doors of the fake hardware: the same world over Modbus TCP, MJPEG and a till's REST calls."""
