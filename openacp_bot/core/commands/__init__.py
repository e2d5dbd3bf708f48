"""Every command once: what it is called, who may use it, and what it does, on every surface alike."""
