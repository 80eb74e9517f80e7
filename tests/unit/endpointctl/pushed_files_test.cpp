#include "pushed_files.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "fake_daemon.hpp"

namespace endpointd::ctl {
namespace {

using policy::PushedFile;
using testing::ElementsAre;

class PushedFiles : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text = "x") {
        const std::string path = directory.path() + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << text;
        return path;
    }
    Result<void> read(const std::string& path, const ReadBounds& bounds = {}) {
        return read_pushed(path, "master1", "web1", bounds, files);
    }
    test::TemporaryDirectory directory;
    std::vector<PushedFile> files;
};

TEST_F(PushedFiles, ADirectorysSubdirectoriesAreZones) {
    write("dmz/b.conf", "b");
    write("dmz/sub/c.conf", "c");
    write("web1/a.conf", "a");
    write("web1/notes.txt");
    write("web1/.hidden.conf");
    write("stray.conf");
    ASSERT_TRUE(read(directory.path()));
    EXPECT_THAT(files, ElementsAre(PushedFile{"master1", "dmz", "/_etc/b.conf", "b"}, PushedFile{"master1", "dmz", "/_etc/sub/c.conf", "c"},
                                   PushedFile{"master1", "web1", "/_etc/a.conf", "a"}));
}

TEST_F(PushedFiles, ATreeThatWasReceivedKeepsItsPaths) {
    write("web1/_etc/a.conf", "a");
    write("dmz/director/b.conf", "b");
    write("dmz/.timestamp");
    ASSERT_TRUE(read(directory.path()));
    EXPECT_THAT(files,
                ElementsAre(PushedFile{"master1", "dmz", "/director/b.conf", "b"}, PushedFile{"master1", "web1", "/_etc/a.conf", "a"}));
}

TEST_F(PushedFiles, AFileIsOneOfOurOwnZone) {
    ASSERT_TRUE(read(write("hosts.conf", "h")));
    EXPECT_THAT(files, ElementsAre(PushedFile{"master1", "web1", "/_etc/hosts.conf", "h"}));
    EXPECT_EQ(read(directory.path() + "/hosts.conf").error().code, Errc::invalid) << "twice";
}

TEST_F(PushedFiles, ReadingIsBounded) {
    write("web1/a.conf", "0123456789");
    write("web1/b.conf", "0123456789");
    EXPECT_EQ(read(directory.path(), {1, 1000}).error().code, Errc::too_large);
    files.clear();
    EXPECT_EQ(read(directory.path(), {10, 15}).error().code, Errc::too_large);
    files.clear();
    std::filesystem::create_directory_symlink(directory.path() + "/web1", directory.path() + "/web1/loop");
    EXPECT_FALSE(read(directory.path(), {10'000, 1'000'000}));
}

TEST_F(PushedFiles, WhatIsNoFileIsRefusedAndNotWaitedFor) {
    std::filesystem::create_directory(directory.path() + "/web1");
    ASSERT_EQ(::mkfifo((directory.path() + "/web1/pipe.conf").c_str(), 0600), 0);
    EXPECT_EQ(read(directory.path()).error().code, Errc::invalid);
    EXPECT_EQ(read(directory.path() + "/nothing").error().code, Errc::not_found);
    const test::TemporaryDirectory empty;
    EXPECT_EQ(read(empty.path()).error().code, Errc::invalid);
}

}  // namespace
}  // namespace endpointd::ctl
