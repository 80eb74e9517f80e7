#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>
#include <string>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd {
namespace {

TEST(Times, AreRfc3339InUtcWithMilliseconds) {
    EXPECT_EQ(to_rfc3339(WallTime(Duration(1795193700123000))), "2026-11-20T16:55:00.123Z");
    EXPECT_EQ(to_rfc3339(from_unix(0.5)), "1970-01-01T00:00:00.500Z");
}

TEST(Times, FromTheWireAreClamped) {
    EXPECT_EQ(from_unix(std::numeric_limits<double>::quiet_NaN()), WallTime{});
    EXPECT_EQ(from_unix(-1), WallTime{});
    EXPECT_EQ(to_rfc3339(from_unix(1e300)), "9999-12-31T23:59:59.000Z");
}

std::string logged(LogFormat format, LogLevel level, std::string_view value) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    const UniqueFd in(ends[0]), out(ends[1]);
    const ManualClock clock(WallTime(Duration(1795193700123000)));
    Log log(clock, out.get(), "endpointd");
    log.configure(level, format);
    log.info("tls", "peer refused", {{"peer", value}, {"count", 3}});
    char text[4096];
    const ssize_t size = read(in.get(), text, sizeof text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

TEST(Log, KeepsAPeersWordsOnOneLine) {
    EXPECT_EQ(logged(LogFormat::text, LogLevel::info, "a\nb \"c\""),
              "2026-11-20T16:55:00.123Z endpointd info tls: peer refused peer=\"a\\\\x0ab \\\"c\\\"\" count=3\n");
    EXPECT_EQ(logged(LogFormat::json, LogLevel::info, "a\nb"),
              "{\"time\":\"2026-11-20T16:55:00.123Z\",\"level\":\"info\",\"program\":\"endpointd\",\"area\":\"tls\","
              "\"message\":\"peer refused\",\"peer\":\"a\\\\x0ab\",\"count\":\"3\"}\n");
}

TEST(Log, SaysNothingBelowItsLevel) { EXPECT_EQ(logged(LogFormat::text, LogLevel::warning, "x"), ""); }

TEST(Bytes, ComeBackAsTheyWentIn) {
    ByteWriter writer;
    writer.u8(7);
    writer.u32(70'000);
    writer.u64(1ULL << 40);
    writer.f64(0.25);
    writer.text("abc");
    const std::string bytes = std::move(writer).take();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u8(), 7);
    EXPECT_EQ(reader.u32(), 70'000U);
    EXPECT_EQ(reader.u64(), 1ULL << 40);
    EXPECT_EQ(reader.f64(), 0.25);
    EXPECT_EQ(reader.text(3), "abc");
    EXPECT_TRUE(reader.finished());
}

TEST(Bytes, MissingOrTooLongAreRefusedAndStayRefused) {
    ByteWriter writer;
    writer.u32(0xffffffff);
    writer.u8(1);
    const std::string bytes = std::move(writer).take();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.text(100), "");
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_FALSE(reader.finished());
}

TEST(Result, OfAnErrorAbortsWhenItsValueIsRead) {
    const Result<int> result = fail(Errc::invalid, "broken");
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::invalid);
    EXPECT_DEATH(static_cast<void>(result.value()), "broken");
}

}  // namespace
}  // namespace endpointd
