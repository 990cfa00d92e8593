using System.Diagnostics.CodeAnalysis;

namespace PgListener.ChangeTokens;

/// <summary>The next change of one row, or of any. All tokens that wait for it share this.</summary>
/// <param name="key">The row's key; <see langword="null"/> for any row.</param>
[SuppressMessage("Design", "CA1001", Justification = "It has no timer, and is not linked, so there is nothing to dispose of.")]
internal sealed class RowChange(ChangeKey? key)
{
    private readonly CancellationTokenSource _happened = new();

    public ChangeKey? Key => key;

    /// <summary>How many tokens somebody has. Guarded by the lock of the table that it is in.</summary>
    public int Tokens { get; set; }

    public bool HasHappened => _happened.IsCancellationRequested;

    /// <summary>Calls a callback when it happens, or at once if it has happened already.</summary>
    public IDisposable Register(Action<object?> callback, object? state) => _happened.Token.UnsafeRegister(callback, state);

    /// <summary>Calls all callbacks.</summary>
    /// <exception cref="AggregateException">Some of them have thrown.</exception>
    public void Happen() => _happened.Cancel();
}
