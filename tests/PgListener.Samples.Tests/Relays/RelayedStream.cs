using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace PgListener.Samples.Tests.Relays;

/// <summary>The stream that the relay writes, seen by somebody else, while the server may be killed.</summary>
internal sealed class RelayedStream : IAsyncDisposable
{
    private const string Name = "shop";

    /// <summary>The shortest that there is. After it, NATS does not recognise an id again.</summary>
    private static readonly TimeSpan ShortWindow = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly NatsConnection _connection;
    private readonly NatsJSContext _jetStream;

    public RelayedStream(string url)
    {
        _connection = new(new NatsOpts { Url = url, ReconnectWaitMin = TimeSpan.FromMilliseconds(50), ReconnectWaitMax = TimeSpan.FromMilliseconds(500), RequestTimeout = TimeSpan.FromSeconds(1) });
        _jetStream = new(_connection);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Creates it before the relay does, or changes it, so that NATS forgets ids soon.</summary>
    public async Task ForgetIdsSoonAsync()
        => await _jetStream.CreateOrUpdateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]) { DuplicateWindow = ShortWindow }, Cancellation);

    /// <summary>How long NATS recognises an id.</summary>
    public async Task<TimeSpan> GetWindowAsync() => (await _jetStream.GetStreamAsync(Name, cancellationToken: Cancellation)).Info.Config.DuplicateWindow;

    /// <summary>Waits until it has so many messages.</summary>
    /// <exception cref="TimeoutException">No message has come for a while.</exception>
    public async Task WaitForAsync(long messages, TimeSpan patience)
    {
        var (count, clock) = (-1L, Stopwatch.StartNew());
        while (true)
        {
            try
            {
                var now = (await _jetStream.GetStreamAsync(Name, cancellationToken: Cancellation)).Info.State.Messages;
                if (now >= messages)
                    return;
                if (now > count)
                    (count, clock) = (now, Stopwatch.StartNew());
            }
            catch (Exception e) when (e is NatsException or NatsJSException or OperationCanceledException)
            {
                // The server is not there, or has no stream yet.
            }

            if (clock.Elapsed > patience)
                throw new TimeoutException($"{count} of {messages} messages are in the stream, and none has come for {patience.TotalSeconds} s.");
            await Task.Delay(Pause, Cancellation);
        }
    }

    /// <summary>Reads all of it, in its order.</summary>
    public async Task<IReadOnlyList<RelayedMessage>> ReadAsync()
    {
        var count = (await _jetStream.GetStreamAsync(Name, cancellationToken: Cancellation)).Info.State.Messages;
        var messages = new List<RelayedMessage>();
        if (count == 0)
            return messages;
        var consumer = await _jetStream.CreateOrderedConsumerAsync(Name, cancellationToken: Cancellation);
        await foreach (var message in consumer.ConsumeAsync<string>(cancellationToken: Cancellation))
        {
            messages.Add(new(message.Subject, message.Headers!["Nats-Msg-Id"].ToString(), message.Data!));
            if (messages.Count == count)
                break;
        }

        return messages;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
