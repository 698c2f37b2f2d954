"""What the waveform of an accelerometer says: level, shape, lines of the shaft, and which part of a bearing is worn."""
