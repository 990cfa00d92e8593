using PgListener.Registration;

namespace PgListener.Filters;

/// <summary>One filter's part in a call. It enforces the contract of filters: one call of <c>next</c> at a time, and none after the filter has returned.</summary>
/// <param name="call">The call.</param>
/// <param name="filter">The filter.</param>
/// <param name="depth">The number of outer filters.</param>
/// <param name="context">The context that the filter gets.</param>
internal sealed class FilterStep(FilteredCall call, INotificationFilter filter, int depth, NotificationFilterContext context)
{
    private const int Idle = 0;
    private const int Inside = 1;
    private const int Over = 2;

    private int _state;
    private bool _isRepeated;
    private Exception? _error;
    private TaskCompletionSource? _whenLeft;

    private string Subject
        => $"{(filter is DelegateFilter ? "A filter" : HandlerName.Of(filter.GetType()))} around handler {context.HandlerName} on channel '{context.Channel.ReplaceLineEndings(" ")}'";

    /// <summary>Runs the filter, and returns when nothing that it began is still running, so that the scope can be disposed of.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wasInside = false;
        try
        {
            await filter.InvokeAsync(context, NextAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // If the filter throws, for example after a time limit of its own, its exception is reported instead of the one below.
            wasInside = await EndAsync().ConfigureAwait(false);
        }

        if (wasInside)
            throw new InvalidOperationException($"{Subject} returned before the task of its call of next had completed. Await that task.", _error);
    }

    private Task NextAsync(CancellationToken cancellationToken) => Interlocked.CompareExchange(ref _state, Inside, Idle) switch
    {
        Idle => RunInsideAsync(cancellationToken),
        Inside => throw new InvalidOperationException($"{Subject} called next again while its previous call was in progress. Await each call before the next one: attempts run one after the other."),
        _ => throw new InvalidOperationException($"{Subject} called next after it had returned. Call next, and await it, before InvokeAsync returns."),
    };

    private async Task RunInsideAsync(CancellationToken cancellationToken)
    {
        var isRepeated = _isRepeated;
        (_isRepeated, _error) = (true, null);
        try
        {
            await (isRepeated ? call.RunAgainAsync(depth + 1, context, cancellationToken) : call.RunAsync(depth + 1, context, cancellationToken)).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (call.IsHostGone)
        {
            await call.WhenCanceledAsync().ConfigureAwait(false); // Not an exception, which the filter might log or retry.
        }
        catch (Exception e)
        {
            _error = e;
            throw;
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Inside) == Over)
                _whenLeft!.SetResult();
        }
    }

    /// <summary>Prevents further calls of <c>next</c>, and waits for one that is still running.</summary>
    /// <returns>Whether one was still running.</returns>
    private async ValueTask<bool> EndAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Over, Idle) == Idle)
            return false;

        _whenLeft = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.Exchange(ref _state, Over) == Inside)
            await _whenLeft.Task.ConfigureAwait(false);
        return true;
    }
}
