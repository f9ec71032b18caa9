# As test_daemon_backends.py, with tors that have the frontend's key and publish nothing themselves: one is killed, started
# again, and hangs for less and for longer than the grace period. The limits are the same.

from harness.outages import Scene
from testnet import main


def test(net):
    Scene(net, is_twin=True).play()


main(test)
