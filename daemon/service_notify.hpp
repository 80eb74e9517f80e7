#pragma once
// systemd's Type=notify: tells whoever supervises us how far we are. Without
// NOTIFY_SOCKET it does nothing. Any thread; never blocks.

#include <string_view>

namespace endpointd {

// `state` as in sd_notify(3): "READY=1".
void notify_service_manager(std::string_view state) noexcept;

}  // namespace endpointd
