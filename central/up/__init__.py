"""`tallyhouse up`: a whole house on one machine, its broker, servers, agents and simulator run as child programs."""
