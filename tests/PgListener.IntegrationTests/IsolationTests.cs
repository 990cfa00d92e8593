using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What one run, one caller or one subscriber does is kept from the others.</summary>
public class IsolationTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_callback_may_stop_and_start_its_own_listener_and_is_heard_of_again()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(
            channel,
            async (context, _) =>
            {
                if (context.Payload == "restart")
                {
                    await listener.StopAsync(CancellationToken.None);
                    await listener.StartAsync(CancellationToken.None);
                    listener.Listen();
                }

                received.Add(context.Payload);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        for (var i = 0; i < 3; i++)
        {
            await server.NotifyAsync(channel, "restart");
            Assert.Equal("restart", await received.NextAsync());
            await server.NotifyAsync(channel, $"after {i}");
            Assert.Equal($"after {i}", await received.NextAsync());
        }
    }

    [Fact]
    public async Task A_callback_that_blocks_its_thread_holds_up_neither_the_reading_nor_another_callback()
    {
        var channel = NewChannel();
        var (entered, received) = (new Received<string>(), new Received<string>());
        using var release = new ManualResetEventSlim();
        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        for (var i = 0; i < 2; i++)
        {
            await listener.AddCallbackAsync(
                channel,
                (context, _) =>
                {
                    entered.Add(context.Payload);
                    release.Wait(CancellationToken.None);
                    return Task.CompletedTask;
                },
                Cancellation);
        }

        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        foreach (var text in new[] { "first", "second" })
        {
            await server.NotifyAsync(channel, text);
            Assert.Equal([text, text], await received.NextAsync(2, seconds: 20));
        }

        Assert.Equal(["first", "first"], await entered.NextAsync(2, seconds: 20));
        release.Set();
        Assert.Equal(["second", "second"], await entered.NextAsync(2, seconds: 20));
    }

    [Fact]
    public async Task A_callback_that_was_quick_and_blocks_amid_a_burst_holds_up_neither_the_reading_nor_another_callback()
    {
        const int Count = 50_000;
        var channel = NewChannel();
        var (entered, received) = (new Received<string>(), new Received<string>());
        using var release = new ManualResetEventSlim();
        var count = 0;
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = Count });
        await listener.AddCallbackAsync(
            channel,
            (context, _) =>
            {
                // In the first burst it is compiled, and then found to be quick; in the second one it blocks.
                if (++count == Count + (Count / 2))
                {
                    entered.Add(context.Payload);
                    release.Wait(CancellationToken.None);
                }

                if (count % Count == 0)
                    received.Add(context.Payload);
                return Task.CompletedTask;
            },
            Cancellation);
        var others = 0;
        await listener.AddCallbackAsync(
            channel,
            (context, _) =>
            {
                if (++others % Count == 0)
                    received.Add(context.Payload);
                return Task.CompletedTask;
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await SendAsync();
        Assert.Equal([$"{Count}", $"{Count}"], await received.NextAsync(2, seconds: 60));

        await SendAsync();
        Assert.Equal($"{Count / 2}", await entered.NextAsync());
        Assert.Equal($"{Count}", await received.NextAsync());
        await listener.AddCallbackAsync(NewChannel(), received.Payloads(), Cancellation).SoonAsync(); // The connection answers.
        release.Set();
        Assert.Equal($"{Count}", await received.NextAsync());

        Task SendAsync() => server.Sender.NotifyRangeAsync(channel, 1, Count, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_callback_that_blocks_on_what_is_at_hand_when_a_connection_begins_does_not_keep_its_loss_from_being_noticed()
    {
        const int Rounds = 5;
        var channel = NewChannel();
        var (entered, listening) = (new Received<string>(), new Received<int>());
        using var release = new SemaphoreSlim(0);
        var blocks = false;
        await using var listener = new Listener(server.ConnectionString, new() { ReconnectDelay = TimeSpan.FromMilliseconds(5) });
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                Volatile.Write(ref blocks, true);
            if (change.Status is { State: ListenerState.Listening, ProcessId: { } processId })
                listening.Add(processId);
        };
        await listener.AddCallbackAsync(
            channel,
            (_, _) =>
            {
                if (Interlocked.Exchange(ref blocks, false))
                {
                    entered.Add("");
                    release.Wait(CancellationToken.None);
                }

                return Task.CompletedTask;
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sending = SendAsync();
        var session = await listening.NextAsync();
        for (var round = 0; round < Rounds; round++)
        {
            await server.TerminateAsync(session);
            session = await listening.NextAsync();
            await entered.NextAsync();
            await server.TerminateAsync(session);
            session = await listening.NextAsync(); // And that although the callback still blocks.
            release.Release();
            Volatile.Write(ref blocks, false);
        }

        await enough.CancelAsync();
        release.Release(100);
        await sending;

        async Task SendAsync()
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
                await server.NotifyAsync(channel, $"{i}");
        }
    }

    [Fact]
    public async Task A_callback_left_behind_by_a_stop_does_not_disturb_the_next_run()
    {
        var channel = NewChannel();
        var (entered, received) = (new Received<string>(), new Received<string>());
        var release = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await listener.AddCallbackAsync(
            channel,
            async (context, _) =>
            {
                entered.Add(context.Payload);
                if (context.Payload == "hang")
                    await release.Task;
                else
                    received.Add(context.Payload);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "hang", "queued behind it");
        Assert.Equal("hang", await entered.NextAsync());
        await listener.StopAsync(Cancellation).SoonAsync();

        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "1");
        Assert.Equal("1", await received.NextAsync());
        release.SetResult();
        await server.NotifyAsync(channel, "2");
        Assert.Equal("2", await received.NextAsync());
        await server.NotifyAsync(channel, "3");
        Assert.Equal("3", await received.NextAsync());
    }

    [Fact]
    public async Task Callbacks_that_stop_the_listener_at_the_same_time_do_not_wait_for_each_other()
    {
        var channel = NewChannel();
        var both = new Barrier(2);
        var stopped = new Received<int>();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromHours(1) });
        for (var i = 0; i < 2; i++)
        {
            var number = i;
            await listener.AddCallbackAsync(
                channel,
                async (_, _) =>
                {
                    both.SignalAndWait(TimeSpan.FromSeconds(20), CancellationToken.None);
                    await listener.StopAsync(CancellationToken.None);
                    stopped.Add(number);
                },
                Cancellation);
        }

        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "");
        Assert.Equal(new[] { 0, 1 }, (await stopped.NextAsync(2, seconds: 20)).Order());
    }

    [Fact]
    public async Task What_a_token_was_given_to_do_cannot_hold_up_the_stop()
    {
        var channel = NewChannel();
        var entered = new TaskCompletionSource();
        using var unblock = new ManualResetEventSlim();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await listener.AddCallbackAsync(
            channel,
            async (_, token) =>
            {
                await using var registration = token.Register(() => unblock.Wait(CancellationToken.None));
                entered.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "");
        await entered.Task.SoonAsync();
        await listener.StopAsync(Cancellation).SoonAsync(seconds: 10);
        unblock.Set();
    }

    [Fact]
    public async Task Settings_that_are_changed_later_change_nothing()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        var options = new SubscriptionOptions
        {
            MaxConcurrency = 2,
            OnResync = received.Reasons(),
        };
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var subscription = await listener.SubscribeAsync(channel, received.Payloads(), options, Cancellation);
        Assert.Equal("Started", await received.NextAsync());
        options.MaxConcurrency = 8;
        options.OnResync = null;
        await server.TerminateAsync(listener);
        Assert.Equal("Reconnected", await received.NextAsync());
        await server.NotifyAsync(channel, "heard");
        Assert.Equal("heard", await received.NextAsync());
    }

    [Fact]
    public async Task An_enumerator_that_was_never_moved_holds_up_nobody_once_it_is_disposed_of()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 5, MaxBackpressure = TimeSpan.FromHours(1) });
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using (listener.GetAsyncEnumerator(Cancellation))
        {
        }

        await using var command = server.Sender.CreateCommand("select pg_notify($1, i::text) from generate_series(1, 100) i");
        command.Parameters.Add(new() { Value = channel });
        await command.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal("100", (await received.NextAsync(100, seconds: 20))[^1]);
    }

    [Fact]
    public async Task A_subscription_that_never_catches_up_overflows_even_if_its_queue_empties_now_and_then()
    {
        const int Count = 400;
        var channel = NewChannel();
        var (slow, quick) = (new Received<string>(), new Received<string>());
        await using var listener = new Listener(server.ConnectionString);
        await using var one = await listener.SubscribeAsync(
            channel,
            async (context, token) =>
            {
                await Task.Delay(50, token);
                slow.Add(context.Payload);
            },
            new()
            {
                QueueCapacity = 4,
                MaxBackpressure = TimeSpan.FromSeconds(1),
                OnResync = slow.Reasons(),
            },
            Cancellation);
        await using var other = await listener.SubscribeAsync(channel, quick.Payloads(), cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        // The slow one alone would need 20 s for these.
        await using var command = server.Sender.CreateCommand($"select pg_notify($1, repeat('x', 7000) || i) from generate_series(1, {Count}) i");
        command.Parameters.Add(new() { Value = channel });
        await command.ExecuteNonQueryAsync(Cancellation);
        await quick.NextAsync(Count, seconds: 10);
        Assert.Equal("Started", await slow.NextAsync());
        while (await slow.NextAsync() is var item && item != "Overflow")
            Assert.StartsWith("x", item, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disposed_listener_takes_nothing_more()
    {
        var listener = new Listener(server.ConnectionString);
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AddCallbackAsync("c", (_, _) => Task.CompletedTask, Cancellation));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AddChannelAsync("c", Cancellation));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.StartAsync(Cancellation));
        Assert.Throws<ObjectDisposedException>(listener.Start);
    }

    [Theory]
    [InlineData("Username=nobody", "names no Host")]
    [InlineData("Host=h;No Such Keyword=1", "")]
    public void A_wrong_connection_string_is_an_argument_error(string connectionString, string message)
        => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => new Listener(connectionString)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_single_host_may_be_asked_to_be_the_primary()
    {
        await using var listener = new Listener(server.ConnectionString + ";Target Session Attributes=primary");
        await listener.StartAsync(Cancellation);
        Assert.Equal(ListenerState.Listening, listener.State);
    }
}
