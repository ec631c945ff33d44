"""The network: trained exactly from counts, asked, saved, gone on with."""
