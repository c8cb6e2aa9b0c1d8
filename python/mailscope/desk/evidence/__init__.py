"""What the network's own records show of an accused address at the times of the complaints, and what they cannot."""
