using Microsoft.Extensions.DependencyInjection;

namespace PgListener.UnitTests.Hosting;

/// <summary>Filters that break their contract are told so, and nothing runs in a scope that is disposed of.</summary>
public sealed class FilterMisuseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Scoped? _scoped;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class ParallelFilter : INotificationFilter
    {
        public Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
            => Task.WhenAll(next(cancellationToken), next(cancellationToken));
    }

    [Fact]
    public async Task A_second_call_beside_the_first_is_refused_by_name()
    {
        await using var kit = Kit(builder => builder.AddFilter<ParallelFilter>());
        var running = kit.NotifyAsync();
        await _inside.Task.WaitAsync(Limit, Cancellation);
        Assert.False(running.IsCompleted);
        Assert.False(_scoped!.IsDisposed);
        _release.SetResult();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => running.WaitAsync(Limit, Cancellation));
        Assert.Contains("ParallelFilter around handler Slow on channel 'items' called next again while", error.Message, StringComparison.Ordinal);
        Assert.True(_scoped.IsDisposed);
    }

    [Fact]
    public async Task A_call_after_the_filter_has_returned_is_refused()
    {
        NotificationFilterDelegate? kept = null;
        await using var kit = Kit(builder => builder.AddFilter((_, next, _) =>
        {
            kept = next;
            return Task.CompletedTask;
        }));
        await kit.NotifyAsync();
        var error = Assert.Throws<InvalidOperationException>(() => { _ = kept!(Cancellation); });
        Assert.Contains("around handler Slow on channel 'items' called next after it had returned", error.Message, StringComparison.Ordinal);
        Assert.False(_inside.Task.IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_filter_that_does_not_await_next_is_told_so_once_the_handler_has_ended(bool fails)
    {
        await using var kit = Kit(builder => builder.AddFilter((context, next, token) =>
        {
            _ = next(token);
            return Task.CompletedTask;
        }));
        var running = kit.NotifyAsync();
        await _inside.Task.WaitAsync(Limit, Cancellation);
        Assert.False(running.IsCompleted);
        Assert.False(_scoped!.IsDisposed);
        if (fails)
            _release.SetException(new FormatException("the handler's"));
        else
            _release.SetResult();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => running.WaitAsync(Limit, Cancellation));
        Assert.Contains("Await that task.", error.Message, StringComparison.Ordinal);
        Assert.Equal(fails ? "the handler's" : null, error.InnerException?.Message);
        Assert.True(_scoped.IsDisposed);
    }

    [Fact]
    public async Task A_filter_that_gives_up_waiting_fails_the_call_once_the_handler_has_ended()
    {
        await using var kit = Kit(builder => builder.AddFilter(async (_, next, token) =>
        {
            var call = next(token);
            await _inside.Task;
            Assert.False(call.IsCompleted);
            throw new TimeoutException("given up");
        }));
        var running = kit.NotifyAsync();
        await _inside.Task.WaitAsync(Limit, Cancellation);
        Assert.False(running.IsCompleted);
        Assert.False(_scoped!.IsDisposed);
        _release.SetResult();
        Assert.Equal("given up", (await Assert.ThrowsAsync<TimeoutException>(() => running.WaitAsync(Limit, Cancellation))).Message);
        Assert.True(_scoped.IsDisposed);
    }

    /// <summary>The handler waits in its scope until it is released.</summary>
    private HandlerKit Kit(Action<PgListenerBuilder> add) => new(services =>
    {
        services.AddScoped<Scoped>();
        var builder = services.AddPgListener().AddHandler(
            async (Notification<Item> _, Scoped scoped, CancellationToken _) =>
            {
                _scoped = scoped;
                _inside.SetResult();
                await _release.Task;
                Assert.False(scoped.IsDisposed);
            },
            handler => handler.Name = "Slow");
        add(builder);
    });
}
