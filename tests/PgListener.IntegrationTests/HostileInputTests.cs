using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Anyone who may connect to the database may send anything on any channel.</summary>
public sealed class HostileInputTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Payloads => new()
    {
        { "nothing", "" },
        { "not JSON", "secret" },
        { "the literal null", "null" },
        { "another type", "[1,2,3]" },
        { "a number where a text is expected", """{"id":"secret","text":5}""" },
        { "a number that is too large", $$"""{"id":{{new string('9', 400)}},"text":"secret"}""" },
        { "nested very deeply", new string('[', 3900) + new string(']', 3900) },
        { "nested deeply inside", "{\"id\":1,\"text\":\"a\",\"more\":" + new string('[', 3000) + new string(']', 3000) + "}" },
        { "half of a surrogate pair", """{"id":1,"text":"\ud83d"}""" },
        { "cut off", """{"id":1,"text":"secret""" },
        { "with a forged log line", "secret\r\n2026-01-01 00:00:00 info: all is well" },
        { "huge", new string('{', 7999) },
    };

    private sealed record Item(int Id, string Text) : IJsonNotificationChannel<Item>
    {
        public static string ChannelName { get; } = NewChannel("hostile") + "\nforged: all is well";
    }

    private sealed class ItemHandler(Received<int> received) : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Value.Id);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task A_malformed_payload_is_left_out_and_said_in_one_line_without_its_text(string what, string payload)
    {
        var log = new FakeLogCollector();
        var received = new Received<int>();
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Logging.AddProvider(new FakeLoggerProvider(log));
        builder.Services.AddSingleton(received);
        builder.Services.AddPgListener(options => options.ConnectionString = server.ConnectionString).AddHandler<Item, ItemHandler>();
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();

        await server.NotifyAsync(Item.ChannelName, payload, """{"id":7,"text":"ordinary","unknown":[{}]}""");
        Assert.Equal(7, await received.NextAsync());
        var record = Assert.Single(log.GetSnapshot(), record => record.Level >= LogLevel.Warning);
        Assert.Equal((400, LogLevel.Warning, null), (record.Id.Id, record.Level, record.Exception));
        Assert.DoesNotContain("secret", record.Message, StringComparison.Ordinal);
        Assert.True(record.Message.ReplaceLineEndings("") == record.Message, $"The line on '{what}' is more than one.");
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_channel_name_forges_no_log_line_when_a_callback_fails()
    {
        var log = new FakeLogCollector();
        using var loggers = new LoggerFactory([new FakeLoggerProvider(log)]);
        var channel = NewChannel() + "\nforged";
        var called = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { LoggerFactory = loggers });
        await listener.AddCallbackAsync(
            channel,
            (_, _) =>
            {
                called.SetResult();
                throw new InvalidOperationException();
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "");
        await called.Task.SoonAsync();
        await listener.StopAsync(Cancellation);
        Assert.DoesNotContain(log.GetSnapshot(), record => record.Message.Contains('\n', StringComparison.Ordinal));
        Assert.Contains(log.GetSnapshot(), record => record.Id.Id == 200);
    }
}
