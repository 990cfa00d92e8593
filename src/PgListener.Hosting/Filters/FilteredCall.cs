using Microsoft.Extensions.DependencyInjection;
using PgListener.Registration;

namespace PgListener.Filters;

/// <summary>One call of a handler with filters around it, with all of its attempts.</summary>
/// <param name="filters">Functions that get the filters from a scope, the outermost first.</param>
/// <param name="scopes">Creates the scopes of further attempts.</param>
/// <param name="handler">Resolves the handler in a scope, and calls it.</param>
/// <param name="canceled">The token of the whole call.</param>
internal sealed class FilteredCall(
    IReadOnlyList<Func<IServiceProvider, INotificationFilter>> filters, IServiceScopeFactory scopes, Func<IServiceProvider, CancellationToken, Task> handler, CancellationToken canceled)
{
    private int _attempts;

    /// <inheritdoc cref="HostServices.AreGone"/>
    public bool IsHostGone => scopes.AreGone();

    /// <summary>Runs the call.</summary>
    /// <param name="context">The context of its first attempt.</param>
    public Task RunAsync(NotificationFilterContext context)
    {
        _attempts = context.Attempt;
        return RunAsync(depth: 0, context, canceled);
    }

    /// <summary>Runs the filter at a depth, or the handler after the last one.</summary>
    public Task RunAsync(int depth, NotificationFilterContext context, CancellationToken cancellationToken)
        => depth == filters.Count
            ? handler(context.Services, cancellationToken)
            : new FilterStep(this, filters[depth](context.Services), depth, context).RunAsync(cancellationToken);

    /// <summary>Does the same in a new scope, so that services of the previous attempt, such as a <c>DbContext</c> with changes, are not used again.</summary>
    public async Task RunAgainAsync(int depth, NotificationFilterContext context, CancellationToken cancellationToken)
    {
        canceled.ThrowIfCancellationRequested(); // The filter may take the cancellation of the attempt before for a failure.
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
            await RunAsync(depth, context.Again(scope.ServiceProvider, ++_attempts), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="HostServices.WhenCanceledAsync"/>
    public Task WhenCanceledAsync() => HostServices.WhenCanceledAsync(canceled);
}
