#pragma once
// Where a connection's messages go: the dispatcher, seen from below, so that
// connections know nothing of policy. Called on the io_context's thread, in the
// order of arrival; must not block.

#include "cluster/peer_machine.hpp"
#include "cluster/sender.hpp"
#include "tls/verify.hpp"

namespace endpointd::cluster {

class Receiver {
public:
    virtual ~Receiver() = default;

    // A typed message of an authenticated endpoint: judge it, then act on it.
    virtual void deliver(const Sender& from, Deliver message) = 0;
    // Something that never became a message.
    virtual void refused(const Sender& from, Refuse what) = 0;
    // Somebody who could not prove to be an endpoint; `dialled` is whom we meant to
    // reach, empty if he came to us.
    virtual void not_authenticated(const tls::Refusal& why, const std::string& address, const std::string& dialled) = 0;
};

}  // namespace endpointd::cluster
