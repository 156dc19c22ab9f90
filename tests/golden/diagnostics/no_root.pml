<!-- nothing -->
