"""Films with known truth, cut together from clips and photographs that ship in packages."""
