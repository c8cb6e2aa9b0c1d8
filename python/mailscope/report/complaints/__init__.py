"""Reports about an address in the forms that abuse desks read by machine."""
