#pragma once
// What daemon and starter say to each other: packets of one byte, the starter's
// with a descriptor or an error number. No request has an argument. Constants;
// any thread.

namespace endpointd::exec {

// From the daemon.
inline constexpr char kAskRestart = 'R';
inline constexpr char kAskSettings = 'S';
// From the starter: the end of a new runner's socket; endpointd.json; and that it
// could not be opened, with the error's code as second byte and its text behind.
inline constexpr char kTellRunner = 'r';
inline constexpr char kTellSettings = 's';
inline constexpr char kTellNoSettings = 'n';

// The starter's socket in the starter; the runner's in the runner, and its one to the launcher.
inline constexpr int kStarterFd = 3;
inline constexpr int kRunnerFd = 3;
inline constexpr int kLauncherFd = 4;

}  // namespace endpointd::exec
