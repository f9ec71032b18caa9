# The daemon when a backend goes away and comes back: killed, suspended for less and for longer than the grace period.

from harness.outages import Scene
from testnet import main


def test(net):
    Scene(net).play()


main(test)
