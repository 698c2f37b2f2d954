"""When a machine is looked at or renewed, by whom, and with which parts."""
