#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/unique_fd.hpp"
#include "files/digest.hpp"

namespace endpointd::files {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, FollowsThePublishedVectors) {
    EXPECT_EQ(sha256_hex("abc"), kAbc);
    EXPECT_EQ(sha256_hex(""), kEmpty);
}

TEST(Sha256, TakesItsInputInAnyPieces) {
    Sha256 hash;
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.hex(), kAbc);
}

TEST(Sha256, StartsAnewAfterADigest) {
    Sha256 hash;
    hash.update("something else");
    hash.hex();
    EXPECT_EQ(hash.hex(), kEmpty);
}

TEST(Sha256, IsStillItselfAfterAMove) {
    Sha256 first;
    first.update("ab");
    Sha256 second(std::move(first));
    second.update("c");
    EXPECT_EQ(second.hex(), kAbc);
}

TEST(Sha256, ReadsAFileWholeWhateverItsOffset) {
    std::string path = testing::TempDir() + "digest_XXXXXX";
    const UniqueFd file(::mkstemp(path.data()));
    ASSERT_TRUE(file);
    ASSERT_EQ(::write(file.get(), "abc", 3), 3);
    EXPECT_EQ(*sha256_hex_of_fd(file.get()), kAbc);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 3);
    ::unlink(path.c_str());
}

TEST(Sha256, SaysWhenAFileCannotBeRead) {
    const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(directory);
    EXPECT_EQ(sha256_hex_of_fd(directory.get()).error().code, Errc::io);
}

}  // namespace
}  // namespace endpointd::files
