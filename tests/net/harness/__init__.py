# A private Tor network on loopback and the tools a test needs to work with it; see ../testnet.py.
