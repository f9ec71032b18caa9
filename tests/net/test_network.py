# The harness itself: an ordinary onion service is found and reached through a client, and survives a restart.

from testnet import FetchFailed, main, step


def test(net):
    times = net.consensus_times()
    step(f'voting interval {times.voting_interval} s, {"a" if net.has_srv() else "no"} shared random value, '
         f'phase {net.phase().name}')

    client = net.start_client('own')
    step('starting an onion service')
    service = net.start_service('plain')
    holders = {fingerprint for _, fingerprint in service.uploads_started()}
    step(f'{service.onion[:16]}... has its descriptors on {len(holders)} HSDirs')
    reach(net, client, service)

    held = [net.fetch_descriptor(net.client, service.address, relay.fingerprint) for relay in net.relays]
    for relay, descriptor in zip(net.relays, held):
        assert descriptor is None or descriptor.startswith('hs-descriptor 3\n'), descriptor
        assert descriptor is None or relay.fingerprint in holders, relay.name
    assert any(held)
    step(f'{len(held) - held.count(None)} HSDirs have the descriptor of this time period')

    service.kill()
    assert not service.alive()
    step('killed it; starting it again')
    service.start()
    service.wait_bootstrapped()
    service.wait_published()
    client.forget_descriptors()
    reach(net, client, service)
    assert service.hits == 2


def reach(net, client, service):
    # A first attempt may fail while HSDirs and client are a consensus apart.
    def page():
        try:
            return net.fetch(client, service.address)
        except FetchFailed as error:
            step(str(error))
    assert net.wait_for(page, 60, 'its page') == 'plain'
    step('its page came back through the client')


main(test)
