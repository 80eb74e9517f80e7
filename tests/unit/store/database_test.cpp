#include "store/database.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

using DatabaseTest = StoreTest;

TEST_F(DatabaseTest, FilesAreReadByTheirOwnerOnly) {
    open();
    append(denied("a"));
    for (const char* name : {"store.db", "store.db-wal"}) {
        struct stat status {};
        ASSERT_EQ(::stat(path(name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
    }
    close();
    struct stat status {};
    ASSERT_EQ(::stat(path("audit.head").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(DatabaseTest, AnExistingFileThatOthersMayReadIsClosedToThem) {
    open();
    close();
    ASSERT_EQ(::chmod(path("store.db").c_str(), 0644), 0);
    open();
    struct stat status {};
    ASSERT_EQ(::stat(path("store.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(DatabaseTest, ASymbolicLinkIsNotOpened) {
    open();
    close();
    std::filesystem::rename(path("store.db"), path("elsewhere.db"));
    std::filesystem::create_symlink(path("elsewhere.db"), path("store.db"));
    const auto opened = Database::open(path("store.db"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::not_permitted);
    EXPECT_EQ(opened.error().text, path("store.db") + " is not a regular file");
}

TEST_F(DatabaseTest, AStateDirectoryMayBeReachedThroughALink) {
    std::filesystem::create_directory(path("real"));
    std::filesystem::create_directory_symlink(path("real"), path("link"));
    EXPECT_TRUE(Database::open(path("link/store.db")));
}

TEST_F(DatabaseTest, TwoDaemonsNeverShareAStore) {
    open();
    const auto second = Database::open(path("store.db"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
    EXPECT_EQ(second.error().text, "open " + path("store.db") + ": another process has it open (a running endpointd?)");
    append(denied("still writable"));
}

TEST_F(DatabaseTest, VerifyLeavesAStoreInUseAlone) {
    open();
    append(denied("a"));
    const auto verdict = verify_state_directory(directory_);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Errc::unavailable);
}

TEST_F(DatabaseTest, VerifySaysWhereThereIsNoStore) {
    const auto verdict = verify_state_directory(directory_);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Errc::not_found);
    EXPECT_EQ(verdict.error().text, "open " + path("store.db") + ": there is no store");
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsAnError) {
    std::ofstream(path("store.db")) << std::string(5000, 'x');
    const auto opened = Database::open(path("store.db"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::malformed);
}

TEST_F(DatabaseTest, ANewerStoreIsRefused) {
    open();
    close();
    damage("PRAGMA user_version=99");
    auto database = Database::open(path("store.db"));
    ASSERT_TRUE(database);
    const Result<void> migrated = migrate(**database);
    ASSERT_FALSE(migrated);
    EXPECT_EQ(migrated.error().text, "the store is of version 99, this program knows up to 8: it was written by a newer endpointd");
}

TEST_F(DatabaseTest, OpeningReadOnlyChangesNothing) {
    open();
    append(denied("a"));
    close();
    auto database = Database::open_read_only(path("store.db"));
    ASSERT_TRUE(database) << database.error().text;
    EXPECT_FALSE((*database)->run("DELETE FROM audit_row"));
}

TEST(Transaction, IsRolledBackUnlessCommitted) {
    auto database = Database::open_in_memory();
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute("CREATE TABLE t(x INTEGER)"));
    {
        auto transaction = Transaction::begin(**database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE((*database)->run("INSERT INTO t VALUES(?)", std::int64_t{1}));
    }
    Query query = (*database)->query("SELECT count(*) FROM t");
    ASSERT_TRUE(query.step());
    EXPECT_EQ(query.integer(0), 0);
}

TEST(Query, WithinAQueryOfTheSameTextIsItsOwn) {
    auto database = Database::open_in_memory();
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute("CREATE TABLE t(x INTEGER); INSERT INTO t VALUES(1), (2)"));
    const auto sum = [&](const auto& self, int depth) -> std::int64_t {
        std::int64_t total = 0;
        Query query = (*database)->query("SELECT x FROM t");
        while (*query.step()) total += query.integer(0) + (depth > 0 ? self(self, depth - 1) : 0);
        return total;
    };
    EXPECT_EQ(sum(sum, 1), 9);
}

TEST(Query, TellsEmptyTextFromNull) {
    auto database = Database::open_in_memory();
    ASSERT_TRUE(database);
    Query query = (*database)->query("SELECT ?, ?, ?");
    query.bind(std::string_view()).bind(std::optional<std::string>()).bind(Blob{std::string_view("\0x", 2)});
    ASSERT_TRUE(*query.step());
    EXPECT_FALSE(query.is_null(0));
    EXPECT_TRUE(query.is_null(1));
    EXPECT_EQ(query.blob(2), std::string_view("\0x", 2));
}

}  // namespace
}  // namespace endpointd::store
