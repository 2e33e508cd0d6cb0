"""The network's life: its data, its training, its evaluation and its engine folders."""
