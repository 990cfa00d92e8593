using System.Data.Common;

namespace PgListener.Durable.Walks;

/// <summary>The acknowledgement of one message in the handler's own transaction.</summary>
internal interface IEnlistment
{
    /// <summary>Whether the handler has asked for it.</summary>
    bool IsUsed { get; }

    /// <summary>Acknowledges the message as part of the transaction.</summary>
    /// <exception cref="InvalidOperationException">Another holder has taken the message over.</exception>
    Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Finds out, after the call of the handler, whether the transaction was committed.</summary>
    /// <exception cref="Positions.PositionLostException">Another holder has taken the message over.</exception>
    Task<bool> EndAsync(CancellationToken cancellationToken);
}
