#pragma once
// What we say about ourselves in icinga::Hello, and how a peer's version reads
// (protocol, 3). Pure; any thread.

#include <cstdint>
#include <string>

#include "wire/message.hpp"

namespace endpointd::wire {

// The release whose conversation we speak: 2.16.5.
inline constexpr std::uint32_t kVersion = 21605;

// Capability bits of the protocol.
inline constexpr std::uint64_t kExecuteArbitraryCommand = 1;
inline constexpr std::uint64_t kIfwApiCheckCommand = 2;
inline constexpr std::uint64_t kHostChildrenInheritObjectAuthority = 4;

// Only what is true: we answer execute-command, we know no ifw-api and share no zone's authority.
inline constexpr std::uint64_t kCapabilities = kExecuteArbitraryCommand;

Hello our_hello();

// 21306 is "2.13.6"; 0 is "unknown".
std::string version_text(std::uint32_t version);

}  // namespace endpointd::wire
