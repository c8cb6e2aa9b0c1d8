"""Where tables live: a case folder, Arrow in memory, and the engines that query both."""
