"""The commands of ``bespoke``, a module each; what is slow they import when they are called."""
