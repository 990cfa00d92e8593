using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;
using PgListener.Registration;

namespace PgListener.UnitTests;

/// <summary>Callbacks and handlers that are not async methods, so that nothing else restores what they change in the context of their thread.</summary>
public sealed class AmbientContextTests : IDisposable
{
    private static readonly AsyncLocal<string?> Ambient = new();

    private readonly Pipeline _pipeline = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _pipeline.Dispose();

    [Theory]
    [InlineData("returns")]
    [InlineData("waits")]
    [InlineData("throws")]
    public async Task What_a_call_leaves_in_its_context_does_not_reach_the_next(string how)
    {
        var seen = new List<string?>();
        var subscription = _pipeline.Subscribe("c", Call, new());
        _pipeline.Deliver("c", "1", "2", "3");
        await Pipeline.EndAsync(subscription);
        Assert.Equal([null, null, null], seen);

        Task Call(NotificationContext context, CancellationToken cancellationToken)
        {
            seen.Add(Ambient.Value);
            Ambient.Value = context.Payload;
            return how switch
            {
                "returns" => Task.CompletedTask,
                "waits" => Task.Run(() => { }, cancellationToken),
                _ => throw new InvalidOperationException("The callback has failed."),
            };
        }
    }

    [Fact]
    public async Task Nor_does_what_a_handler_leaves_there_for_a_durable_message_or_a_gap()
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var handler = new Handler();
        var runner = new HandlerRunner<Number>("S", _ => handler, services.GetRequiredService<IServiceScopeFactory>(), PayloadLog.None);
        var message = runner.HandleAsync(new() { Id = 1, PublishedAt = DateTimeOffset.UnixEpoch }, "1", Cancellation);
        Assert.Null(Ambient.Value);
        await message;
        var gap = runner.ResyncAsync(new("c", ResyncReason.Reconnected, since: null, until: DateTimeOffset.UnixEpoch), Cancellation);
        Assert.Null(Ambient.Value);
        await gap;
        Assert.Equal(2, handler.Calls);
    }

    private sealed record Number(int Value) : INotificationChannel<Number>
    {
        public static string ChannelName => "c";

        public static Number Parse(string payload) => new(int.Parse(payload, System.Globalization.CultureInfo.InvariantCulture));
    }

    private sealed class Handler : INotificationHandler<Number>, IResyncHandler<Number>
    {
        public int Calls { get; private set; }

        public Task HandleAsync(Notification<Number> notification, CancellationToken cancellationToken) => Leave("message");

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => Leave("gap");

        private Task Leave(string what)
        {
            Ambient.Value = what;
            Calls++;
            return Task.CompletedTask;
        }
    }
}
