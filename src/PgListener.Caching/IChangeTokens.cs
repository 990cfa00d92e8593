using Microsoft.Extensions.Primitives;

namespace PgListener;

/// <summary>
/// Gives change tokens for the rows of a table: for entries of an <c>IMemoryCache</c>, for <see cref="ChangeToken.OnChange(Func{IChangeToken?}, Action)"/>, for options, and for everything else
/// that takes an <see cref="IChangeToken"/>. Register it with <c>AddChangeTokens</c>; for a named listener, it is a keyed service with the listener's name as its key.
/// </summary>
/// <typeparam name="T">The class that stands for the table.</typeparam>
/// <remarks>
/// <para>A token fires once. For what happens afterwards, get another one.</para>
/// <para>
/// Get the token before you read the row. If the row changes after the token was taken, the token fires, so what was read is not kept for longer than that.
/// It may also fire for a change that was made shortly before.
/// </para>
/// <para>
/// All tokens fire when changes may have been missed: after each gap, and when more rows change at once than the feed lists individually. So a token
/// that is taken while the listener is not listening fires when it listens; the first time when the listener has started. Until then it does not know about changes.
/// </para>
/// <para>
/// Callbacks are called on the thread pool, one after the other, without a lock. One that throws is logged, and the others are called. A token, and what its callbacks refer to, is
/// kept only while the token, or a callback registered with it, is referenced. All members are thread-safe.
/// </para>
/// </remarks>
public interface IChangeTokens<T>
{
    /// <summary>Gets a token that fires when any row of the table changes.</summary>
    /// <returns>A token that has not fired yet.</returns>
    IChangeToken GetToken();

    /// <summary>Gets a token that fires when a row changes, is added or is deleted.</summary>
    /// <param name="key">The row's key, as <see cref="ChangeKey.Of"/> makes it of its values: <c>ChangeKey.Of(id)</c>.</param>
    /// <returns>A token that has not fired yet. The row need not exist.</returns>
    IChangeToken GetToken(ChangeKey key);
}
