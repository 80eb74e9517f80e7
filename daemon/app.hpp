#pragma once
// The daemon: builds every part, hands each what it needs, and takes them apart
// again. Owned by main, which has forked the starter and given up privileges
// before; everything runs on one io_context's thread.

#include <memory>
#include <string>

#include "arguments.hpp"
#include "base/log.hpp"
#include "configuration.hpp"
#include "confinement.hpp"
#include "exec/starter.hpp"

namespace endpointd {

class App {
public:
    // `source` is where a reload takes the configuration from, `confinement` what the
    // process has given up for good, `starter` the process that starts runners, and the
    // socket to it. `clock` and `log` must outlive the app.
    App(Directories directories, ConfigurationSource source, Configuration configuration, Confinement confinement,
        exec::StarterHandle starter, const Clock& clock, Log& log);
    ~App();

    // Serves until a signal or a fatal error ends it. 0 after an orderly stop, 2 if
    // the start failed, 1 if it could not go on.
    int run();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpointd
