"""The commands, one file for each group; what they print is made in `gero.cli.render`."""
