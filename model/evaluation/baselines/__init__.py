"""What the network is compared with: the majority class, a hand rule on flow, a small flow CNN."""
