using System.Data;
using System.Data.Common;

namespace PgListener.IntegrationTests;

/// <summary>A transaction around another one, which goes on naming its connection when it is over.</summary>
internal sealed class ProfiledTransaction(ProfiledConnection connection, DbTransaction transaction) : DbTransaction
{
    public override IsolationLevel IsolationLevel => transaction.IsolationLevel;

    protected override DbConnection DbConnection => connection;

    public override void Commit() => transaction.Commit();

    public override void Rollback() => transaction.Rollback();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            transaction.Dispose();
        base.Dispose(disposing);
    }
}
