"""What is wrong with this device and what to do about it: one check for each thing that an agent needs."""
