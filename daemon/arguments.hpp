#pragma once
// The flags that all our programs understand (interfaces, section 1). Pure.

#include <optional>
#include <string>

namespace endpointd {

struct Directories {
    std::string config = "/etc/endpointd";
    std::string state = "/var/lib/endpointd";
    std::string run = "/run/endpointd";
};

struct Arguments {
    Directories directories;
    bool check_config = false;
    // Set where the program is already done: what it prints and its exit status.
    struct Done {
        std::string text;
        int status = 0;
    };
    std::optional<Done> done;
};

Arguments parse_arguments(int argc, char** argv);

// Of this build: "0.1.0".
extern const char* const kVersion;

}  // namespace endpointd
