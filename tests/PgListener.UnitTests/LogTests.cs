using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace PgListener.UnitTests;

public sealed class LogTests
{
    /// <summary>What alarms and searches of users are built on. Add to it; never change or remove a line, and never reuse an id.</summary>
    private static readonly (int Id, string Name, LogLevel Level)[] Frozen =
    [
        (100, "Listening", LogLevel.Information),
        (101, "ConnectionLost", LogLevel.Warning),
        (102, "ConnectFailed", LogLevel.Warning),
        (103, "StillFailing", LogLevel.Debug),
        (104, "ChannelRejected", LogLevel.Error),
        (105, "WakeFailed", LogLevel.Debug),
        (106, "CloseFailed", LogLevel.Debug),
        (107, "Unproven", LogLevel.Warning),
        (108, "QueueFills", LogLevel.Warning),
        (109, "ObserverFailed", LogLevel.Error),
        (110, "TelemetryFailed", LogLevel.Error),
        (111, "ConnectionLostBy", LogLevel.Debug),
        (112, "ConnectFailedBy", LogLevel.Debug),
        (113, "SettingRefused", LogLevel.Information),
        (114, "ThreadPoolStarved", LogLevel.Warning),
        (115, "ProofFailed", LogLevel.Debug),
        (116, "QueueUsageUnknown", LogLevel.Information),
        (200, "CallbackFailed", LogLevel.Error),
        (201, "CallbackTimedOut", LogLevel.Error),
        (202, "Overflowed", LogLevel.Warning),
        (203, "ResyncFailed", LogLevel.Error),
        (204, "CallbackFailedAgain", LogLevel.Error),
        (205, "ResyncStillFails", LogLevel.Error),
        (206, "ResyncSucceeded", LogLevel.Information),
        (207, "OverflowedAgain", LogLevel.Warning),
        (208, "MissedUnheard", LogLevel.Warning),
        (209, "MissedUnheardToo", LogLevel.Warning),
        (210, "NotDispatching", LogLevel.Warning),
        (211, "CanceledAtStopToo", LogLevel.Warning),
        (212, "TelemetryFailedAgain", LogLevel.Error),
        (213, "CallbackHangs", LogLevel.Error),
        (214, "CallbackHangsAgain", LogLevel.Error),
        (215, "CallbackHangsNoMore", LogLevel.Information),
        (216, "CancelFailed", LogLevel.Error),
        (300, "Stopped", LogLevel.Information),
        (301, "CanceledAtStop", LogLevel.Warning),
        (302, "DiscardedAtStop", LogLevel.Warning),
        (303, "LeftBehind", LogLevel.Warning),
        (400, "MalformedPayload", LogLevel.Warning),
        (401, "MalformedPayloadText", LogLevel.Debug),
        (402, "MalformedPayloadsCounted", LogLevel.Warning),
        (403, "UnknownProperties", LogLevel.Warning),
        (404, "HandlerNotRun", LogLevel.Warning),
        (440, "SettingChanged", LogLevel.Information),
        (441, "SettingNeedsRestart", LogLevel.Warning),
        (442, "SettingIsBack", LogLevel.Information),
        (443, "ConfigurationRefused", LogLevel.Error),
        (500, "PublishedAgain", LogLevel.Debug),
        (501, "SentOneByOne", LogLevel.Warning),
        (502, "GivenUpAtStop", LogLevel.Warning),
        (720, "EverythingUnheard", LogLevel.Warning),
        (721, "EverythingUnheardAgain", LogLevel.Warning),
        (722, "FeedProblem", LogLevel.Warning),
        (723, "FeedInOrder", LogLevel.Information),
        (724, "FeedsUnchecked", LogLevel.Warning),
        (725, "FeedsChecked", LogLevel.Debug),
        (726, "FeedGapUntold", LogLevel.Warning),
    ];

    /// <summary>Every event there is, in the order of the ids.</summary>
    internal static (int Id, string Name, LogLevel Level)[] Events { get; } = LogEvents.Of(typeof(Listener).Assembly, typeof(IPgListener).Assembly);

    [Fact]
    public void Events_keep_their_ids_names_and_levels()
        => Assert.Equal(Frozen, Events);

    [Fact]
    public void Every_event_has_an_id_and_a_name_of_its_own()
    {
        Assert.Equal(Events.Select(entry => entry.Id).Distinct(), Events.Select(entry => entry.Id));
        Assert.Equal(Events.Select(entry => entry.Name).Distinct(StringComparer.Ordinal), Events.Select(entry => entry.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_is_logged_in_a_call_has_the_channel_and_the_handler_in_its_scope(int maxConcurrency)
    {
        var provider = new FakeLoggerProvider();
        using var loggers = new LoggerFactory([provider]);
        using var pipeline = new Pipeline(logger: loggers.CreateLogger("PgListener"));
        var own = loggers.CreateLogger("the handler's own");
        var subscription = pipeline.Subscribe(
            "a\nb",
            async (context, _) =>
            {
                await Task.Yield();
                own.Log(LogLevel.Information, default, "in the call", exception: null, (text, _) => text);
                throw new InvalidOperationException();
            },
            new() { Name = "S", MaxConcurrency = maxConcurrency });
        pipeline.Deliver("a\nb", "1");
        await Pipeline.EndAsync(subscription);

        var records = provider.Collector.GetSnapshot();
        Assert.Equal([0, 200], records.Select(record => record.Id.Id));
        Assert.All(records, record =>
        {
            var scope = Assert.IsAssignableFrom<IReadOnlyList<KeyValuePair<string, object?>>>(Assert.Single(record.Scopes));
            Assert.Equal(("S", "a b"), (scope.Single(entry => entry.Key == "Subscription").Value, scope.Single(entry => entry.Key == "Channel").Value));
            Assert.Equal("S on channel 'a b'", scope.ToString());
        });
        own.Log(LogLevel.Information, default, "afterwards", exception: null, (text, _) => text);
        Assert.Empty(provider.Collector.LatestRecord.Scopes);
    }
}
