"""What people and machines do with what stands on the floor: stock that moves, counts that are settled."""
