#pragma once
// For tests with the compiled plugins: copies them to where the runner accepts them, and
// looks after the processes of a runner. Header only; a test's one thread.

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "runner_fixture.hpp"

namespace endpointd::exec {

// What the kernel has of Landlock; 0: nothing.
inline int kernel_landlock_abi() {
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : static_cast<int>(abi);
}

class PluginPrograms : public RunnerFixture {
protected:
    // One of the programs made from tests/unit/exec/plugins/NAME.cpp.
    std::string program(const std::string& name) {
        std::ifstream file(std::string(PLUGIN_PROGRAMS) + "/" + name, std::ios::binary);
        EXPECT_TRUE(file.good()) << name;
        return directory_.write("plugins/" + name, std::string(std::istreambuf_iterator<char>(file), {}), 0755);
    }
    // A command that runs one with these words, none of which may need JSON's escapes.
    void add_program(const std::string& command, const std::string& name, const std::vector<std::string>& words = {},
                     const std::string& members = "") {
        std::string argv = "\"" + program(name) + "\"";
        for (const std::string& word : words) argv += ", \"" + word + "\"";
        write_catalog(command + ".json", "{ \"commands\": { \"" + command + "\": { \"kind\": \"check\", \"command\": [" + argv +
                                             "], \"env\": { \"FIXTURE\": \"" + directory_.path() + "\" }" +
                                             (members.empty() ? "" : ", " + members) + " } } }");
    }
    // A directory of the fixture's that plugins may write as far as its mode goes.
    std::string writable_directory(const std::string& name) {
        const std::string path = directory_.path() + "/" + name;
        std::filesystem::create_directories(path);
        EXPECT_EQ(::chown(path.c_str(), daemon_uid(), static_cast<gid_t>(-1)), 0);
        return path;
    }
    // A file that belongs to the daemon's user alone.
    std::string private_file(const std::string& name) {
        const std::string path = directory_.write(name, "very secret\n", 0600);
        EXPECT_EQ(::chown(path.c_str(), daemon_uid(), static_cast<gid_t>(-1)), 0);
        return path;
    }
    // Starter, runner and everything below them, zombies included.
    std::vector<pid_t> family() const {
        std::vector<pid_t> found{starter_};
        for (std::size_t i = 0; i < found.size(); ++i)
            for (const pid_t child : children_of(found[i])) found.push_back(child);
        return found;
    }
    bool zombie_left() const {
        for (const pid_t pid : family())
            if (!exists(pid)) return true;
        return false;
    }
};

}  // namespace endpointd::exec
