#pragma once
// A directory of a test's own, gone with it. Its path has no links.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace endpointd::files {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string path = testing::TempDir() + "/endpointd_XXXXXX";
        EXPECT_NE(::mkdtemp(path.data()), nullptr);
        path_ = std::filesystem::canonical(path);
        ::chmod(path_.c_str(), 0755);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const noexcept { return path_; }

    // Writes a file, with its directories, and returns its path.
    std::string write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
        const std::string path = path_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << text;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }

private:
    std::string path_;
};

}  // namespace endpointd::files
