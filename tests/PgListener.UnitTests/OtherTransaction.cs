using System.Data;
using System.Data.Common;

namespace PgListener.UnitTests;

/// <summary>A transaction of some other database.</summary>
internal sealed class OtherTransaction : DbTransaction
{
    private readonly OtherConnection _connection = new();

    public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

    protected override DbConnection DbConnection => _connection;

    public override void Commit() => throw new NotSupportedException();

    public override void Rollback() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _connection.Dispose();
        base.Dispose(disposing);
    }
}
