#include "event_stream.hpp"

#include <gtest/gtest.h>

namespace endpointd::ctl {
namespace {

TEST(EventReader, PutsPiecesTogetherHoweverTheyAreCut) {
    const std::string text = ": hello\n\nid: 1\nevent: audit\ndata: {\"a\":1}\n\ndata: x\r\ndata:y\r\n\r\n";
    for (std::size_t size = 1; size <= text.size(); ++size) {
        EventReader reader;
        std::vector<Event> events;
        for (std::size_t i = 0; i < text.size(); i += size) {
            for (Event& event : reader.take(std::string_view(text).substr(i, size))) events.push_back(std::move(event));
        }
        ASSERT_EQ(events.size(), 2u) << size;
        EXPECT_EQ(events[0].name, "audit");
        EXPECT_EQ(events[0].data, "{\"a\":1}");
        EXPECT_EQ(events[1].name, "message");
        EXPECT_EQ(events[1].data, "x\ny");
    }
}

TEST(EventReader, FailsOnAnEventWithoutEnd) {
    EventReader reader;
    EXPECT_TRUE(reader.take("data: " + std::string(kEventBytes, 'x')).empty());
    EXPECT_TRUE(reader.failed());
    EXPECT_TRUE(reader.take("\n\n").empty());
}

}  // namespace
}  // namespace endpointd::ctl
