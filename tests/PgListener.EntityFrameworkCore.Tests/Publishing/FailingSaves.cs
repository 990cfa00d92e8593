using Microsoft.EntityFrameworkCore.Diagnostics;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>Fails the first <c>SaveChanges</c> before it does anything, as an interceptor that validates entities does.</summary>
internal sealed class FailingSaves : SaveChangesInterceptor
{
    private bool _hasFailed;

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (_hasFailed)
            return ValueTask.FromResult(result);

        _hasFailed = true;
        throw new TimeoutException("Injected.");
    }
}
